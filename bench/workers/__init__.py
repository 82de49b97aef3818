"""One module a library and group: what runs in a process of its own and times that library."""
