"""What a broker that is started for the checks is set up with: the same users, virtual hosts and limits for each.

`guest` may do everything. `limited` may log in on "/" only, and there touch only what is its own. The clients have
these names in their checks of permissions.
"""

GUEST, LIMITED = ("guest", "guest"), ("limited", "a:better secret")
VIRTUAL_HOSTS = ("/", "other", "closed")
ALL, OWN = ".*", r"^mine\."

# user, virtual host, configure, write, read
PERMISSIONS = (
    ("guest", "/", ALL, ALL, ALL),
    ("guest", "other", ALL, ALL, ALL),
    ("limited", "/", OWN, OWN + r"|^amq\.default$", OWN),
)

# High enough for everything but the check that fills the memory. What RabbitMQ takes itself comes on top.
MEMORY_WATERMARK_MIB = 128
