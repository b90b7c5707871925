"""The endpoint over TLS, with a certificate that the test makes."""

import datetime
import ipaddress
import ssl
import tempfile
import unittest
from http.client import HTTPException
from pathlib import Path
from urllib.request import urlopen

from botocore.config import Config
from botocore.exceptions import SSLError
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from support import ACCOUNT, REGION, SESSION, Server


def write_certificate(folder):
    """The files of a certificate for 127.0.0.1, signed by itself, and of its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.timezone.utc)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1)).add_extension(address, critical=False)
        .sign(key, hashes.SHA256()))
    chain, private = folder / "chain.pem", folder / "key.pem"
    chain.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption()))
    return chain, private


class Tls(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.chain, self.key = write_certificate(Path(folder.name))

    def client(self, server, verify):
        return SESSION.client(
            "logs", endpoint_url=server.url, region_name=REGION, verify=verify,
            aws_access_key_id=ACCOUNT, aws_secret_access_key="secret",
            config=Config(retries={"total_max_attempts": 1}))

    def test_clients_that_trust_the_certificate_are_answered_over_tls(self):
        server = Server(
            "--insecure-any-key", "--tls-certificate", str(self.chain), "--tls-key", str(self.key))
        self.addCleanup(server.close)
        self.assertTrue(server.url.startswith("https://"), server.url)
        logs = self.client(server, str(self.chain))
        logs.create_log_group(logGroupName="/app")
        self.assertEqual(len(logs.describe_log_groups()["logGroups"]), 1)
        with self.assertRaises(SSLError):
            self.client(server, True).describe_log_groups()
        context = ssl.create_default_context(cafile=str(self.chain))
        self.assertEqual(urlopen(server.url + "/health", context=context).read(), b"ok\n")
        with self.assertRaises((OSError, HTTPException)):
            urlopen(server.url.replace("https", "http") + "/health", timeout=10)

    def test_files_that_are_no_certificate_are_refused_by_name(self):
        for chain, key in ((self.key, self.key), (self.chain, self.chain)):
            with self.subTest(chain=chain.name, key=key.name), self.assertRaises(AssertionError):
                Server(
                    "--insecure-any-key", "--tls-certificate", str(chain), "--tls-key", str(key))
