"""What a client can take from the broker at most, each measured on a broker of its own."""

MEASURES = {}


def measure(*flags, prepared=False):
    """Registers a measure under its name in words. It gets the broker, and returns what it measured.

    The broker is started with these flags, and if it is to be prepared, set up like `harness/setting.py` says.
    """

    def register(function):
        MEASURES[function.__name__.replace("_", " ")] = (flags, prepared, function)
        return function

    return register
