"""Stubs of the part of `fanin._core` for ranks that train together."""

class Communicator:
    def __init__(self, ranks: object) -> None: ...
