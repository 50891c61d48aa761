"""Django settings. What differs between installations comes from the environment.

`config/runtime` prepares the environment (data folder, keys, database) before
these are read; tests fill it in from `conftest.py`.
"""

import os
import secrets
import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from yilian.foundation.telemetry import logs

PACKAGE = Path(__file__).resolve().parent.parent
ROOT = PACKAGE.parent

YILIAN_DATA = Path(os.environ.get("YILIAN_DATA", ROOT / "data"))
YILIAN_KEYS = Path(os.environ.get("YILIAN_KEYS", YILIAN_DATA / "keys"))
YILIAN_DEMO = os.environ.get("YILIAN_DEMO") == "1"
YILIAN_TESTING = os.environ.get("YILIAN_TESTING") == "1" or "pytest" in sys.modules
YILIAN_APP_ROLE = os.environ.get("YILIAN_APP_ROLE", "yilian_app")
YILIAN_REGION = os.environ.get("YILIAN_REGION", "64")
YILIAN_CIPHER = os.environ.get("YILIAN_CIPHER", "sm4")  # or "aes"
PORT = int(os.environ.get("PORT", "8000"))
YILIAN_LIVE_PORT = PORT + 1

# Named here, so that lower layers need not import higher ones.
YILIAN_ACTOR_BUILDER = "yilian.registry.population.actors.actor_for"
YILIAN_SESSION_READER = "yilian.registry.population.actors.signed_in"
YILIAN_POSTS = "yilian.registry.directory.queries.posts_of"
YILIAN_RESIDENTS = "yilian.registry.population.services.sign_in.DOOR"
YILIAN_RECORD_SINK = "yilian.config.wiring.RECORD_SINK"
YILIAN_SUBSCRIPTIONS = "yilian.config.wiring.SUBSCRIPTIONS"
YILIAN_LIVE_NOTICES = "yilian.config.wiring.LIVE"
YILIAN_DAILY_USE = "yilian.insurance.settlement.queries.use.daily_use"
YILIAN_POOL_TERMS = "yilian.config.pool_terms.pool_terms"
YILIAN_POOL_MEMBERS = "yilian.config.pool_terms.pool_members"
YILIAN_SETTLED_DAYS = "yilian.insurance.settlement.queries.days.SettledDays"
YILIAN_INSURER = "yilian.insurance.insurer.http.HttpInsurer"
YILIAN_INSTITUTIONS = "yilian.registry.directory.queries.institution_lines"
YILIAN_HEALTH = "yilian.config.runtime.health.is_ready"
YILIAN_SHORT_MESSAGES = os.environ.get(
    "YILIAN_SHORT_MESSAGES", "yilian.interfaces.exchange.sms_console.ConsoleGateway"
)

# The national insurer's system (docs/insurer.md); without an address it is off.
YILIAN_INSURER_URL = os.environ.get("YILIAN_INSURER_URL", "")
YILIAN_INSURER_KEY_FILE = os.environ.get(
    "YILIAN_INSURER_KEY_FILE", str(YILIAN_KEYS / "insurer")
)
YILIAN_INSURER_SENDER = os.environ.get("YILIAN_INSURER_SENDER", "yilian")
YILIAN_INSURER_PATIENCE = float(os.environ.get("YILIAN_INSURER_PATIENCE", "20"))


def _secret_key() -> str:
    path = Path(os.environ.get("YILIAN_SECRET_KEY_FILE", YILIAN_KEYS / "django"))
    if path.exists():
        return path.read_text().strip()
    # For this process only: nobody stays signed in. `yilian up` makes a lasting one.
    return secrets.token_urlsafe(50)


SECRET_KEY = _secret_key()
DEBUG = os.environ.get("YILIAN_DEBUG") == "1"
ALLOWED_HOSTS = os.environ.get(
    "YILIAN_HOSTS", "*" if YILIAN_DEMO else "localhost,127.0.0.1,[::1]"
).split(",")
CSRF_TRUSTED_ORIGINS = [o for o in os.environ.get("YILIAN_ORIGINS", "").split(",") if o]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django_htmx",
    "axes",
    "oauth2_provider",
    "procrastinate.contrib.django",
    "yilian.foundation.identity",
    "yilian.foundation.audit",
    "yilian.foundation.outbox",
    "yilian.foundation.jobs",
    "yilian.foundation.notify",
    "yilian.foundation.terminology",
    "yilian.foundation.parameters",
    "yilian.foundation.idempotency",
    "yilian.foundation.files",
    "yilian.registry.directory",
    "yilian.registry.consortium",
    "yilian.registry.population",
    "yilian.record",
    "yilian.resources.scheduling",
    "yilian.resources.reception",
    "yilian.care.referral",
    "yilian.insurance.settlement",
    "yilian.insurance.policy",
    "yilian.insurance.budget",
    "yilian.insurance.clearing",
    "yilian.insurance.insurer",
    "yilian.insurance.whatif",
    "yilian.interfaces.web",
    "yilian.interfaces.fhir_api",
    "yilian.interfaces.exchange.intake",
    "yilian.interfaces.exchange.outgoing",
    "yilian.demo",
]

MIDDLEWARE = [
    "yilian.interfaces.web.telemetry.Named",
    "yilian.interfaces.web.middleware.Health",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "yilian.interfaces.web.middleware.BodyLimit",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "yilian.interfaces.web.middleware.ContentSecurity",
    "yilian.interfaces.web.middleware.Language",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "yilian.foundation.identity.middleware.SignedIn",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "yilian.foundation.identity.middleware.IdleTimeout",
    "yilian.foundation.access.middleware.ActorMiddleware",
    "yilian.foundation.identity.middleware.PasswordDue",
    "yilian.foundation.identity.middleware.SecondFactorDue",
    "yilian.interfaces.web.middleware.Refusals",
    "yilian.foundation.audit.middleware.AuditRefusals",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "yilian.config.urls"
WSGI_APPLICATION = "yilian.config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "APP_DIRS": True,
        "OPTIONS": {
            "environment": "yilian.interfaces.web.jinja.environment",
            "context_processors": ["yilian.interfaces.web.context.page"],
        },
    },
    {
        # Pages of third-party apps keep Django's own engine (decisions 27).
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": ["django.template.context_processors.request"],
        },
    },
]


# Django's own faces of widgets, compiled: a tenth of the time.
FORM_RENDERER = "django.forms.renderers.Jinja2"

# Whoever holds a row longer than that must not freeze all who wait for it: 503.
LOCK_TIMEOUT = "4s"
# Whoever stops amid a transaction must not keep its rows, nor hold up the readers of
# what is new (decisions 11), until somebody comes and ends it.
IDLE_TIMEOUT = "1min"
SERVING = {
    "lock_timeout": LOCK_TIMEOUT,
    "idle_in_transaction_session_timeout": IDLE_TIMEOUT,
}
# What is asked often is planned once (decision 0017). "0" behind a pooler that
# gives each transaction another connection and knows no prepared statements.
PREPARES = os.environ.get("YILIAN_PREPARE", "1") != "0"


def database_of(
    address: str, pool: int = 0, *, limits: Mapping[str, str] | None = None
) -> dict[str, object]:
    """Django's settings for a PostgreSQL address (`pool`: most connections held)."""
    url = urlsplit(address)
    options: dict[str, object] = dict(parse_qsl(url.query))
    if PREPARES:
        options |= {"server_side_binding": True, "prepare_threshold": 5}
    host = str(options.pop("host", "")) or unquote(url.hostname or "")
    if limits:
        given = str(options.get("options", ""))
        told = [f"-c {name}={value}" for name, value in limits.items()]
        options["options"] = " ".join([given, *told]).strip()
    if pool:
        options["pool"] = {"min_size": 1, "max_size": pool, "timeout": 10}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(url.path.lstrip("/")),
        "USER": unquote(url.username or "") or options.pop("user", ""),
        "PASSWORD": unquote(url.password or ""),
        "HOST": host,
        "PORT": options.pop("port", "") or str(url.port or ""),
        "CONN_MAX_AGE": 0,
        "OPTIONS": options,
    }


def _database() -> dict[str, object]:
    served = os.environ.get("DATABASE_URL", "postgresql:///yilian")
    if os.environ.get("YILIAN_DB_ROLE") == "owner":
        return database_of(os.environ.get("YILIAN_OWNER_URL", served))
    is_pooled = not YILIAN_TESTING
    pool = int(os.environ.get("YILIAN_POOL", "12")) * is_pooled
    return database_of(served, pool, limits=SERVING)


DATABASES = {"default": _database()}
PROCRASTINATE_WORKER_DEFAULTS = {
    "concurrency": int(os.environ.get("YILIAN_JOBS", "4")),
    "fetch_job_polling_interval": 0.2,  # jobs of one lock follow at this pace
    "update_heartbeat_interval": 2.0,
    "stalled_worker_timeout": 10.0,
    "shutdown_graceful_timeout": 8.0,
    "delete_jobs": "successful",
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "identity.Account"
OAUTH2_PROVIDER_APPLICATION_MODEL = "identity.Application"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
_CHECKS = "django.contrib.auth.password_validation"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"{_CHECKS}.UserAttributeSimilarityValidator"},
    {
        "NAME": f"{_CHECKS}.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": f"{_CHECKS}.CommonPasswordValidator"},
    {"NAME": f"{_CHECKS}.NumericPasswordValidator"},
]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = ["username"]
AXES_RESET_ON_SUCCESS = True
SILENCED_SYSTEM_CHECKS = ["axes.W006"]  # clinics share one address: lock the name
AXES_VERBOSE = False
AXES_LOCKOUT_CALLABLE = "yilian.foundation.identity.views.door.locked_out"
AXES_SENSITIVE_PARAMETERS = ["username", "password", "ip_address"]
LOGIN_URL = "identity:sign_in"
LOGIN_REDIRECT_URL = "web:home"
SESSION_ENGINE = "yilian.foundation.identity.session_store"
SESSION_COOKIE_AGE = 8 * 3600
SESSION_SAVE_EVERY_REQUEST = False
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_NAME = "yilian_session"
YILIAN_IDLE_MINUTES = int(os.environ.get("YILIAN_IDLE_MINUTES", "30"))
CSRF_COOKIE_NAME = "yilian_csrf"
CSRF_FAILURE_VIEW = "yilian.interfaces.web.errors.csrf_failure"
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
# nginx ends TLS and names the visitor: `proxy_set_header X-Real-IP $remote_addr`.
YILIAN_BEHIND_PROXY = os.environ.get("YILIAN_TLS") == "1"
if YILIAN_BEHIND_PROXY:
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "中文"), ("en", "English")]
LOCALE_PATHS = [PACKAGE / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"

STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500
# Addresses that take files (foundation/files/uploads.py) may be sent that much.
YILIAN_MOST_UPLOAD = 64_000_000
DATA_UPLOAD_MAX_NUMBER_FILES = 20
FILE_UPLOAD_HANDLERS = ["yilian.foundation.files.uploads.SealedUploadHandler"]

if YILIAN_TESTING:
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

# Lines of requests go to the data folder, to stderr (for systemd's journal), or off.
LOGGING = logs.configuration(
    level=os.environ.get("YILIAN_LOG", "WARNING"),
    requests=os.environ.get(
        "YILIAN_REQUEST_LOG", "off" if YILIAN_TESTING else "folder"
    ),
    folder=YILIAN_DATA / "logs",
)
# `/metrics` is answered to these networks, and to whoever knows the token.
YILIAN_METRICS_FROM = os.environ.get(
    "YILIAN_METRICS_FROM", "127.0.0.0/8,::1/128"
).split(",")
YILIAN_METRICS_TOKEN_FILE = os.environ.get("YILIAN_METRICS_TOKEN_FILE", "")
YILIAN_MEASURES = "yilian.config.runtime.measured.measured"
