"""The language server: wiring diagnostics for stepwell pipelines, from text that is never run."""

from stepwell import __version__ as __version__
