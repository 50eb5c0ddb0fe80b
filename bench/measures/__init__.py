"""Error rates from embeddings, identities and groups: arrays in, numbers out; no pictures and no printing."""
