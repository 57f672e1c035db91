"""All reading and writing: the only room that touches files, object storage and the key service."""
