"""A daemon under all that users do to it, for as long as one likes, and what it takes meanwhile."""

from .life import Life
from .trend import Verdict, judge

__all__ = ["Life", "Verdict", "judge"]
