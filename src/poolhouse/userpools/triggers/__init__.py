"""What a pool's triggers are asked, one module a moment; `calling` asks."""
