// The nodes of the cluster that sessions train on, below the list of sessions; nothing on a server without one.

import { get } from "../../lib/api.js";
import { IDLE_PACE, usePolling } from "../../lib/data.js";
import { html, useState } from "../../lib/html.js";
import { dateTime, number, t } from "../../lib/i18n.js";

export function Cluster() {
  const [cluster, setCluster] = useState(null);
  const [isOpen, setOpen] = useState(false);
  const hasCluster = cluster?.runner === "ray";
  const isAsked = cluster === null || hasCluster;
  usePolling(async () => setCluster(await get("/api/cluster")), isAsked, [], IDLE_PACE);
  if (!hasCluster) return null;
  return html`
    <details
      class="card more cluster"
      data-test="cluster"
      open=${isOpen}
      onToggle=${(event) => setOpen(event.target.open)}
    >
      <summary>${summaryOf(cluster)}</summary>
      ${!cluster.reachable && html`<${Unreachable} cluster=${cluster} />`}
      ${cluster.nodes.length > 0 && html`<${Nodes} nodes=${cluster.nodes} />`}
    </details>
  `;
}

/** The state of the cluster in one line. */
export function summaryOf({ reachable, nodes }) {
  if (!reachable) return t("training.cluster.unreachable");
  const usable = nodes.filter(isUsed);
  const sum = (name) => usable.reduce((all, node) => all + node[name], 0);
  return t("training.cluster.summary", {
    nodes: t("training.cluster.nodes", { count: usable.length }),
    free: number(sum("cpus_free"), 2),
    cpus: number(sum("cpus"), 2),
  });
}

/** A head usually has no processors for sessions. */
const isUsed = ({ refusal, cpus }) => !refusal && cpus > 0;

function Unreachable({ cluster: { message, since } }) {
  return html`
    <div class="message warning">
      <p>
        ${t("training.degraded.cluster")} ${since && t("training.degradedSince", { since: dateTime(since) })}
      </p>
      ${message &&
      html`<p class="server-words">
        <span class="hint">${t("training.serverSays")}</span> <span lang="en">${message}</span>
      </p>`}
    </div>
  `;
}

function Nodes({ nodes }) {
  const head = (name) => html`<th scope="col" class=${name === "name" ? "" : "number"}>
    ${t(`training.cluster.${name}`)}
  </th>`;
  return html`
    <div class="table-scroll" tabindex="0" role="region" aria-label=${t("training.cluster")}>
      <table>
        <thead>
          <tr>
            ${["name", "cpus", "gpus", "memory"].map(head)}
            <th scope="col">${t("training.cluster.state")}</th>
          </tr>
        </thead>
        <tbody>
          ${nodes.map((node, index) => html`<${Node} key=${index} node=${node} />`)}
        </tbody>
      </table>
    </div>
  `;
}

function Node({ node }) {
  const free = (name, unit = 1) =>
    t("training.cluster.freeOf", { free: number(node[`${name}_free`] / unit, 2), all: number(node[name] / unit, 2) });
  return html`
    <tr>
      <th scope="row">${node.name}${node.processor && html`<p class="hint">${node.processor}</p>`}</th>
      <td class="number">${free("cpus")}</td>
      <td class="number">${free("gpus")}</td>
      <td class="number">${free("memory_mb", 1000)}</td>
      <td>
        ${node.refusal
          ? html`${t("training.cluster.refused")} <span lang="en">${node.refusal}</span>`
          : t(isUsed(node) ? "training.cluster.used" : "training.cluster.none")}
      </td>
    </tr>
  `;
}
