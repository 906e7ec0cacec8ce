__version__ = "0.1.0"
from .front import find as __getattr__, offered as __dir__
