"""The operator panel: its messages, its processes, and its page in a real browser before the real stack."""
