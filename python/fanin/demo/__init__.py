"""
The command ``fanin demo``: train a real net on handwritten digits, Fashion-MNIST or a user's CSV file.

``csv_table`` and ``idx`` read files, ``csv_numbers`` and ``csv_dates`` interpret columns, ``features`` and ``splits``
make training, validation and test sets, ``learners`` gives fanin and scikit-learn a common interface, ``training``
runs the epochs, ``report`` formats the output, and ``cli`` holds the options. scikit-learn
(``pip install "fanin[demo]"``) is imported only when needed.
"""
