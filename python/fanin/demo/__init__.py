"""
What ``fanin demo`` runs: a real net trained on handwritten digits, Fashion-MNIST or a user's CSV file.

``csv_table`` and ``idx`` read files, ``csv_numbers`` and ``csv_dates`` what their columns mean, ``features`` and
``splits`` make training, validation and test sets of them, ``learners`` gives fanin and scikit-learn one face,
``training`` runs the epochs, ``report`` writes, and ``cli`` holds the options. scikit-learn and tqdm
(``pip install "fanin[demo]"``) are imported when needed.
"""
