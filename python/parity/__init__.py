"""Writes every parity fixture: python -m parity.write_fixtures FOLDER."""
