/**
 * Every version of the DataActionConfigs of a namespace, in the order of their making, by a watch beside the controllers'.
 */
import { Agent, request } from 'undici';
import type { KubeApiServer } from './kube-api-server.ts';
import { collectionPath } from './kube-cluster.ts';

export interface Version {
  readonly name: string;
  readonly object: object;
}

export interface ObjectHistory {
  versions(name: string): readonly object[];
  close(): Promise<void>;
}

/** From now on. */
export const recordObjects = async (kube: KubeApiServer, namespace: string): Promise<ObjectHistory> => {
  const { certificate, key } = kube.clientCertificateFor('recorder', ['system:masters']);
  const dispatcher = new Agent({ connect: { ca: kube.ca, cert: certificate, key }, bodyTimeout: 0, allowH2: false });
  const url = `${kube.url}${collectionPath(namespace, 'dataactionconfigs')}?watch=1`;
  const { body } = await request(url, { dispatcher });
  const versions: Version[] = [];
  const read = async (): Promise<void> => {
    let text = '';
    for await (const chunk of body) {
      const lines = (text + String(chunk)).split('\n');
      text = lines.pop() ?? '';
      for (const { type, object } of lines.map((line) => Object(JSON.parse(line)))) {
        if (type === 'ADDED' || type === 'MODIFIED') versions.push({ name: object.metadata.name, object });
      }
    }
  };
  // Ends with the connection.
  read().catch(() => {});
  return {
    versions: (name) => versions.filter((version) => version.name === name).map(({ object }) => object),
    close: () => dispatcher.destroy(),
  };
};
