"""The dashboard, and the charts of the notebooks."""
