"""Random bytes, steered by coverage, against everything that reads what others wrote. ``make fuzz SECONDS=600``."""
