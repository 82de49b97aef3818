"""One module a library. Its functions, named as the topics of the groups, yield what is timed of a case."""
