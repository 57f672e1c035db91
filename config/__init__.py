"""Read once, at the edge: YAML files to frozen models, every problem at once, with its file and line."""
