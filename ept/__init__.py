__version__ = "0.1.0"
from .front import __dir__, __getattr__
