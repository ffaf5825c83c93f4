"""One line a check, and the count at the end."""


class Report:
    """Prints outcomes as they come and keeps them. `title` stands before each, where there are several reports.

    `explained` are the checks that are meant to fail, with the reasons: to pass one of them is a failure.
    """

    def __init__(self, title=None, explained=None):
        self.prefix = f"{title}: " if title else ""
        self.explained = explained or {}
        self.errors = {}

    def add(self, who, check, error=None):
        """One outcome: good without an `error`."""
        reason = self.explained.get((who, check))
        if reason and error:
            print(f"{self.prefix}differs {who}: {check}: {reason}", flush=True)
            error = None
        elif reason:
            error = "it passes, though it is explained as a difference"
        self.errors[who, check] = error
        if error:
            print(f"{self.prefix}FAILED {who}: {check}: {error}", flush=True)
        elif not reason:
            print(f"{self.prefix}ok {who}: {check}", flush=True)

    def run(self, who, check, action):
        """Runs one check; an AssertionError, OSError or EOFError that leaves it is its failure.

        A text that the action returns is what it measured, and is told.
        """
        try:
            measured = action()
        except (AssertionError, OSError, EOFError) as error:
            self.add(who, check, f"{type(error).__name__}: {error}")
        else:
            self.add(who, f"{check} ({measured})" if isinstance(measured, str) else check)

    def finish(self):
        """Prints the count; returns the exit code."""
        failed = sum(error is not None for error in self.errors.values())
        print(f"{self.prefix}{len(self.errors) - failed} passed, {failed} failed")
        return 1 if failed else 0
