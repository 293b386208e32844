"""The way from every released schema to the present one; alembic reads this folder."""
