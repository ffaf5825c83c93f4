# shellcheck shell=bash
# What up, down and status know of the systems: where they are, how each is started, whether it answers, what it is.
#
# Ports stand in addresses, data and output in target/bench-targets/NAME. A process is ours if its number is noted there,
# and it is that program in that folder.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
systems=(rabbitmq nats redis beanstalkd)

# Only those that were named; all of them if none was.
chosen() {
    local name
    for name in "$@"; do
        if [[ " ${systems[*]} " != *" $name "* ]]; then
            echo "$(basename "$0"): '$name': expected ${systems[*]}" >&2
            return 2
        fi
    done
    if [ $# -gt 0 ]; then printf '%s\n' "$@"; else printf '%s\n' "${systems[@]}"; fi
}

folder() { echo "$root/target/bench-targets/$1"; }

port() { sed -nE "s#^$1(-[a-z]+)? [a-z]+://([^@ ]*@)?127\.0\.0\.1:([0-9]+).*#\3#p" "$here/addresses" | head -n 1; }

package() {
    case $1 in
        rabbitmq | nats | redis) echo "$1-server" ;;
        *) echo "$1" ;;
    esac
}

# RabbitMQ's own script: Debian's, which is in the path, changes the user.
program() {
    local found
    case $1 in
        rabbitmq)
            found=$(printf '%s\n' /usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin/rabbitmq-server | tail -n 1)
            [ -x "$found" ] && echo "$found"
            ;;
        *) PATH="$PATH:/usr/sbin" command -v "$(package "$1")" ;;
    esac
}

# What the process is called when it runs.
process_name() {
    case $1 in
        rabbitmq) echo beam.smp ;;
        rabbitmq-names) echo epmd ;;
        *) package "$1" ;;
    esac
}

# The number of the process that was started here as $1 in the folder of $2 ($1 if it is left out); fails if it is gone.
own_process() {
    local name=$1 folder id
    folder=$(folder "${2:-$1}")
    id=$(cat "$folder/$name.pid" 2>/dev/null) || return 1
    [ "$(cat "/proc/$id/comm" 2>/dev/null)" = "$(process_name "$name")" ] || return 1
    [ "$(readlink "/proc/$id/cwd")" = "$folder" ] || return 1
    echo "$id"
}

# Starts a command in the background, in the folder of $1, as $2.
launch() {
    local folder name=$2
    folder=$(folder "$1")
    shift 2
    (
        cd "$folder"
        exec setsid "$@" </dev/null >>output.log 2>&1
    ) &
    echo $! >"$folder/$name.pid"
}

# Ends the process that was started here as $1 in the folder of $2, if there is one, and waits for its end.
end_process() {
    local id deadline=$((SECONDS + 30)) signal=TERM
    while id=$(own_process "$@"); do
        [ "$SECONDS" -le "$deadline" ] || signal=KILL
        kill -s "$signal" "$id" 2>/dev/null || true
        sleep 0.2
    done
}

stop() {
    end_process "$1"
    [ "$1" != rabbitmq ] || end_process rabbitmq-names rabbitmq
}

start_rabbitmq() {
    local port=$1 names=$(($1 + 1)) peers=$(($1 + 2)) folder
    folder=$(folder rabbitmq)
    echo '[].' >"$folder/plugins"
    # Started here, the name server is also stopped here; the node would leave one behind.
    launch rabbitmq rabbitmq-names epmd -address 127.0.0.1 -port "$names"
    launch rabbitmq rabbitmq env -i "PATH=$PATH" LANG=C.UTF-8 "HOME=$folder" RUNNING_UNDER_SYSTEMD=1 \
        ERL_EPMD_ADDRESS=127.0.0.1 "ERL_EPMD_PORT=$names" "RABBITMQ_DIST_PORT=$peers" \
        RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='-kernel inet_dist_use_interface {127,0,0,1}' \
        RABBITMQ_NODENAME=bench@localhost RABBITMQ_NODE_IP_ADDRESS=127.0.0.1 "RABBITMQ_NODE_PORT=$port" \
        "RABBITMQ_CONFIG_FILE=$here/rabbitmq.conf" RABBITMQ_CONF_ENV_FILE=/dev/null \
        "RABBITMQ_ENABLED_PLUGINS_FILE=$folder/plugins" "RABBITMQ_LOG_BASE=$folder/log" \
        "RABBITMQ_MNESIA_BASE=$folder/data" "RABBITMQ_PID_FILE=$folder/node" "$(program rabbitmq)"
}

start_nats() { launch nats nats "$(program nats)" --config "$here/nats.conf" --port "$1"; }

start_redis() { launch redis redis "$(program redis)" "$here/redis.conf" --port "$1"; }

start_beanstalkd() {
    local arguments
    mapfile -t arguments < <(grep -v '^#' "$here/beanstalkd.conf" | tr ' ' '\n')
    launch beanstalkd beanstalkd "$(program beanstalkd)" -p "$1" "${arguments[@]}"
}

# What a system says of itself when it is greeted; nothing if nobody answers.
greeting() {
    local hello
    case $1 in
        # It waits for more then.
        rabbitmq) hello='AMQP\x00\x00\x09\x01' ;;
        # What it says comes first; this is no command, so that it closes.
        nats) hello='QUIT\r\n' ;;
        redis) hello='INFO server\r\nQUIT\r\n' ;;
        beanstalkd) hello='stats\r\nquit\r\n' ;;
    esac
    timeout 1 bash -c "exec 3<>/dev/tcp/127.0.0.1/$(port "$1") && printf '$hello' >&3 && cat <&3" 2>/dev/null |
        tr -cd '[:print:]\n' || true
}

# Its version, asked of itself; fails if it does not answer.
version() {
    local pattern
    case $1 in
        # A field of a table: name, type, length (which cannot be printed), text.
        rabbitmq) pattern='versionS([0-9.]+)' ;;
        nats) pattern='"version":"([^"]+)"' ;;
        redis) pattern='redis_version:([0-9.]+)' ;;
        beanstalkd) pattern='version: "([^"]+)"' ;;
    esac
    [[ "$(greeting "$1")" =~ $pattern ]] && echo "${BASH_REMATCH[1]}"
}
