"""A session under way: operating states, plan and motion, one pure tick, and the loop that gives it time and bytes."""
