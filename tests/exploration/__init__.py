"""Every state that can be reached, and everything that can happen in it: enumerated, not sampled."""
