"""The commands ``fanin fit``, ``fanin predict`` and ``fanin show``: models of tables from files to files."""
