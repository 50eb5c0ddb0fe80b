"""Error rates from embeddings, identities and groups. The functions use arrays only: no pictures and no output."""
