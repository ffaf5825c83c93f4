"""What a client can take from the broker at most, each measured on a broker of its own, set up by the flags."""

MEASURES = {}


def measure(*flags):
    """Registers a measure under its name in words. It gets the broker, and returns what it measured."""

    def register(function):
        MEASURES[function.__name__.replace("_", " ")] = (flags, function)
        return function

    return register
