"""A look at what is published: charts, answers, and the dashboard of `contentstack-source show`."""
