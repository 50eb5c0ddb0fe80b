"""What tests share: servers, documents and helpers."""
