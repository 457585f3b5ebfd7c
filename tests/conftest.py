"""What holds for every test: generated examples are the same in every run and have no deadline."""

from hypothesis import settings

settings.register_profile("charloom", deadline=None, derandomize=True)
settings.load_profile("charloom")
