"""Prefect Core's ``prefect.utilities``, as far as flows use it."""
