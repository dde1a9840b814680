"""What can go wrong with the store, each said in one line."""


class StoreError(Exception):
    """The store cannot be used as asked; the text says why, in one line."""


class StoreUnavailable(StoreError):
    """The store did not answer in time. Whether it did what was asked is unknown."""


class StoreFull(StoreError):
    """The store has no memory left for what was asked; nothing was changed."""
