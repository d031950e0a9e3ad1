"""What a worker process is put together from; only ``worker`` imports it."""
