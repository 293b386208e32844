"""Campaigns: many random sessions with random faults, judged on the simulator's truth."""
