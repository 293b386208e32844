"""The safety layer: vocabulary, limits, envelope, monitors, supervisor. It imports no other package of the project."""
