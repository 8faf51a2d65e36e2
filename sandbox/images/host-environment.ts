import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';

/** Proxies and certificates: what any program needs to reach a registry from this machine. */
const NETWORK =
  /^(?:https?_proxy|no_proxy|all_proxy|ssl_cert_file|ssl_cert_dir|node_extra_ca_certs|requests_ca_bundle|curl_ca_bundle|git_ssl_cainfo)$/i;
/** Where npm and pip fetch packages. Other npm settings of the host, such as `prefix`, would change what is installed. */
const REGISTRY =
  /^(?:npm_config_(?:(?:@[^:]+:)?registry|cafile|ca|https?_proxy|proxy|noproxy|strict_ssl|globalconfig)|pip_(?:index_url|extra_index_url|trusted_host|cert|proxy|find_links|default_timeout)|uv_(?:index_url|default_index))$/i;

/**
 * The environment of a build step or workflow step: a short list, so that nothing of the person's own environment gets
 * into an image. npm and pip keep the host's registry settings and caches although HOME is another.
 *
 * @param host the environment of this process
 */
export function hostEnvironment(host: NodeJS.ProcessEnv, home: string): Record<string, string> {
  const passed = Object.entries(host).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && (NETWORK.test(entry[0]) || REGISTRY.test(entry[0])),
  );
  const hostHome = host.HOME ?? homedir();
  return {
    ...Object.fromEntries(passed),
    PATH: [dirname(process.execPath), host.PATH ?? '/usr/local/bin:/usr/bin:/bin'].join(delimiter),
    HOME: home,
    LANG: 'C.UTF-8',
    npm_config_cache: setting(host, 'npm_config_cache') ?? join(hostHome, '.npm'),
    npm_config_userconfig: setting(host, 'npm_config_userconfig') ?? join(hostHome, '.npmrc'),
    npm_config_audit: 'false',
    npm_config_fund: 'false',
    npm_config_update_notifier: 'false',
    npm_config_prefer_offline: 'true',
    PIP_DISABLE_PIP_VERSION_CHECK: '1',
    PIP_ROOT_USER_ACTION: 'ignore',
    // Compiled files hold times and paths, so the same input would not give the same digest.
    PIP_COMPILE: '0',
    PIP_CACHE_DIR: host.PIP_CACHE_DIR ?? join(hostHome, '.cache/pip'),
    ...pipConfig(host, hostHome),
    PYTHONDONTWRITEBYTECODE: '1',
  };
}

/** npm takes its settings from the environment in any case. */
function setting(host: NodeJS.ProcessEnv, name: string): string | undefined {
  const found = Object.entries(host).find(([key]) => key.toLowerCase() === name);
  return found?.[1] || undefined;
}

function pipConfig(host: NodeJS.ProcessEnv, hostHome: string): Record<string, string> {
  const candidates = [
    host.PIP_CONFIG_FILE,
    join(host.XDG_CONFIG_HOME ?? join(hostHome, '.config'), 'pip/pip.conf'),
    join(hostHome, '.pip/pip.conf'),
  ];
  const path = candidates.find((candidate) => candidate !== undefined && existsSync(candidate));
  return path ? { PIP_CONFIG_FILE: path } : {};
}
