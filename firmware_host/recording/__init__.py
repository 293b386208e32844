"""What is kept of a session, and what can be told from it: black box, replay, explanation, report."""
