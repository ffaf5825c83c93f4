"""One line a check, and the count at the end."""


class Report:
    """Prints outcomes as they come and counts them."""

    def __init__(self):
        self.passed = 0
        self.failed = 0

    def add(self, who, check, error=None):
        """One outcome: good without an `error`."""
        if error is None:
            self.passed += 1
            print(f"ok {who}: {check}", flush=True)
        else:
            self.failed += 1
            print(f"FAILED {who}: {check}: {error}", flush=True)

    def run(self, who, check, action):
        """Runs one check; an AssertionError or OSError that leaves it is its failure."""
        try:
            action()
        except (AssertionError, OSError) as error:
            self.add(who, check, f"{type(error).__name__}: {error}")
        else:
            self.add(who, check)

    def finish(self):
        """Prints the count; returns the exit code."""
        print(f"{self.passed} passed, {self.failed} failed")
        return 1 if self.failed else 0
