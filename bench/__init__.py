"""One command that times fanin beside its peers and beside the limit of the machine."""
