// Which page each address names. Pages are loaded when they are first shown.

import { ConnectionLost } from "../lib/api.js";
import { noteLost } from "../lib/connection.js";
import { useWhenBack } from "../lib/data.js";
import { html, useEffect, useState } from "../lib/html.js";
import { t } from "../lib/i18n.js";
import { Failure } from "../ui/basics.js";
import { Home, Workspaces } from "./workspaces.js";

const later = (load, name) => {
  const pages = {};
  return function Later(properties) {
    const [Page, setPage] = useState(() => pages[name]);
    const [failure, setFailure] = useState(null);
    useEffect(() => {
      load().then(
        (module) => {
          pages[name] = module[name];
          setPage(() => module[name]);
        },
        (error) => {
          const isLost = error instanceof TypeError; // so browsers call a module that did not come
          if (isLost) noteLost();
          setFailure(isLost ? new ConnectionLost() : error);
        },
      );
    }, []);
    // A browser may cache a failed module load; only a reload tries again.
    useWhenBack(() => failure instanceof ConnectionLost && location.reload());
    if (failure) return html`<${Failure} error=${failure} onRetry=${() => location.reload()} />`;
    return Page ? html`<${Page} ...${properties} />` : html`<p class="loading" role="status">${t("loading")}</p>`;
  };
};

/** Patterns of addresses; `workspace` and `id` are numbers. */
export const ROUTES = [
  ["/", Home],
  ["/workspaces", Workspaces],
  ["/account", later(() => import("../account/account.js"), "Account")],
  ["/audit", later(() => import("../audit/audit.js"), "Audit")],
  ["/w/:workspace/audit", later(() => import("../audit/audit.js"), "Audit")],
  ["/w/:workspace/bin", later(() => import("../bin/bin.js"), "Bin")],
  ["/w/:workspace/datasets", later(() => import("../datasets/datasets.js"), "Datasets")],
  ["/w/:workspace/datasets/:id", later(() => import("../datasets/dataset.js"), "Dataset")],
  ["/w/:workspace/light-curves", later(() => import("../light-curves/light-curves.js"), "LightCurves")],
  ["/w/:workspace/light-curves/:id", later(() => import("../light-curves/set-page.js"), "CurveSet")],
  ["/w/:workspace/train", later(() => import("../training/form/train.js"), "Train")],
  ["/w/:workspace/sessions", later(() => import("../training/table/sessions.js"), "Sessions")],
  ["/w/:workspace/sessions/:id", later(() => import("../training/session/session.js"), "Session")],
  ["/w/:workspace/sessions/:id/evaluation", later(() => import("../evaluation/evaluation.js"), "Evaluation")],
  ["/w/:workspace/studies", later(() => import("../studies/studies.js"), "Studies")],
  ["/w/:workspace/studies/new", later(() => import("../studies/new-study.js"), "NewStudy")],
  ["/w/:workspace/studies/:id", later(() => import("../studies/study.js"), "Study")],
  ["/w/:workspace/studies/:id/comparison", later(() => import("../study-comparison/page.js"), "StudyComparison")],
  ["/w/:workspace/compare", later(() => import("../compare/compare.js"), "Compare")],
  ["/w/:workspace/models", later(() => import("../models/models.js"), "Models")],
  ["/w/:workspace/models/:id", later(() => import("../models/model.js"), "Model")],
  ["/w/:workspace/predict", later(() => import("../predict/predict.js"), "Predict")],
  ["/w/:workspace/predict/batch", later(() => import("../batch/batch.js"), "Batch")],
  ["/w/:workspace/predict/batch/:id", later(() => import("../batch/batch-page.js"), "BatchPage")],
  ["/w/:workspace/analyses", later(() => import("../analyses/analyses.js"), "Analyses")],
  ["/w/:workspace/analyses/:id", later(() => import("../analyses/analysis.js"), "Analysis")],
];
