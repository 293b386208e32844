"""The oracle judged by signal temporal logic: the same promises, written a third time and measured by others' code."""
