"""The service with Redis and an S3-compatible store, both over TLS."""

import json
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import trustme
from moto.server import ThreadedMotoServer

from tests.support.servers import free_port, start
from tests.support.services.tls_proxy import behind_tls
from tests.system.job_batch import Jobs

KEYS = {"access_key_id": "key", "secret_access_key": "secret", "region": "us-east-1"}  # pragma: allowlist secret


def test_jobs_end_with_redis_and_the_store_over_tls(valkey_url: str, tmp_path: Path) -> None:
    authority, store, redis = trustme.CA(), free_port(), urlsplit(valkey_url).port
    assert redis is not None
    authority.cert_pem.write_to_path(str(trusted := tmp_path / "ca.pem"))
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=store, verbose=False)
    server.start()
    httpx.put(f"http://127.0.0.1:{store}/tls-system", timeout=60).raise_for_status()
    certificate = authority.issue_cert("localhost")
    with behind_tls(redis, certificate) as redis_tls, behind_tls(store, certificate) as store_tls:
        shared = {
            "redis_url": f"rediss://localhost:{redis_tls}/0?ssl_ca_certs={trusted}",
            "redis_namespace": "tls",
            "data_dir": tmp_path / "data",
            "storage_url": "s3://tls-system",
            "storage_options": json.dumps({**KEYS, "endpoint": f"https://localhost:{store_tls}"}),
            "storage_ca": trusted,
        }
        worker = start(["-m", "worker"], tmp_path / "worker.log", **shared, worker_processes=1)
        api = start(["-m", "api"], tmp_path / "api.log", **shared)
        try:
            api.wait_until_ready()
            jobs = Jobs(api.url)
            jobs.submit(5)
            jobs.wait()
            assert jobs.ends() == {"succeeded": 5}
        finally:
            worker.interrupt()
            api.interrupt()
            server.stop()
