"""What the checks share: a broker to check, environments for the clients, and one way to report."""
