"""The OpenAPI description: forms, responses and examples."""
