'use strict';
// The web server in front of a test house: what production has, on loopback and as the user
// who runs the tests. TLS and the limits by address are production's alone.

const PARAMETERS = ['QUERY_STRING $query_string', 'REQUEST_METHOD $request_method',
  'CONTENT_TYPE $content_type', 'CONTENT_LENGTH $content_length', 'REQUEST_URI $request_uri',
  'SERVER_PROTOCOL $server_protocol', 'REMOTE_ADDR $remote_addr', 'HTTP_PROXY ""']
  .map((line) => `        fastcgi_param ${line};`).join('\n');

const PACKED = `
        gzip on;
        gzip_min_length 1000;
        gzip_vary on;`;

const location = (place, socket, bodyMax, more = '') => `
      location ${place} {${more}
        client_max_body_size ${bodyMax};
        fastcgi_pass unix:${socket};
        fastcgi_read_timeout 120s;
        fastcgi_keep_conn on;
${PARAMETERS}
      }`;

const server = (listen, names, locations) => `
    server {
      listen ${listen};
      server_name ${names};${locations}
    }`;

function nginxConfig({ folder, port, sandboxPort, staticFolder, locations = '' }) {
  const user = process.getuid() === 0 ? 'user root;\n' : '';
  const files = `
      location /static/ {
        alias ${staticFolder}/;
        gzip on;
        gzip_types text/css text/javascript image/svg+xml;
        gzip_vary on;
        add_header X-Content-Type-Options nosniff always;
      }`;
  return `${user}daemon off;
pid ${folder}/nginx.pid;
error_log ${folder}/nginx.log;
worker_processes 1;
events { worker_connections 512; }
http {
    access_log off;
    server_tokens off;
    types { text/css css; text/javascript js; image/svg+xml svg; }
    client_body_temp_path ${folder}/nginx-body;
    fastcgi_temp_path ${folder}/nginx-fastcgi;
    proxy_temp_path ${folder}/nginx-proxy;
    uwsgi_temp_path ${folder}/nginx-uwsgi;
    scgi_temp_path ${folder}/nginx-scgi;
    client_header_timeout 10s;
    client_body_timeout 10s;
    large_client_header_buffers 4 16k;
${server(`127.0.0.1:${port} default_server`, '_', '\n      return 444;')}
${server(`127.0.0.1:${port}`, '127.0.0.1', locations + files
    + location('= /action_manager.php', `${folder}/notification.socket`, '256k')
    + location('= /panier', `${folder}/page.socket`, '64k', PACKED)
    + location('= /health', `${folder}/notification.socket`, '1k')
    + location('= /metrics', `${folder}/notification.socket`, '1k')
    + location('= /parametrage/association/logo', `${folder}/page.socket`, '256k')
    + location('= /adherents/importer', `${folder}/page.socket`, '2m')
    + location('= /comptabilite/rapprochement/fichier', `${folder}/page.socket`, '2m')
    + location('/', `${folder}/page.socket`, '64k'))}
${server(`127.0.0.1:${sandboxPort}`, 'localhost', `${files}
      location = /sandbox-reset { internal; return 444; }`
    + location('/', `${folder}/sandbox.socket`, '1m'))}
}`;
}

module.exports = { nginxConfig };
