"""Every place of the backend that makes such a call, under the test in which that call fails.

A place is `module.function call`; `scan` finds them in the source. One that is not here fails
`test_places`: give it a test in which its call fails, hangs or kills, and a line.
"""

_FAULTS = "tests/faults/inside/test_"
_STORED = "tests/faults/inside/stored/test_"
_CLUSTER = "tests/faults/inside/cluster/test_"
_HOLDS = "tests/holds/test_faults.py::test_"

PLACES = {
    f"{_FAULTS}upload.py::test_a_preview_that_cannot_open_a_file_leaves_nothing": """
        backend.services.datasets.preview.preview write
    """,
    f"{_FAULTS}upload.py::test_a_preview_of_a_batch_that_cannot_open_its_file_leaves_nothing": """
        backend.services.batch_jobs.preview.preview write
    """,
    f"{_FAULTS}upload.py::"
    "test_a_file_that_cannot_be_written_ends_the_upload_and_leaves_nothing": """
        backend.services.datasets.upload._Derived.__init__ unlink
        backend.services.datasets.upload._Derived.read write
        backend.services.datasets.upload._record rename
        backend.services.datasets.upload.store fsync
        backend.storage.atomic.put_in_place fsync
        backend.storage.atomic.put_in_place mkdir
        backend.storage.atomic.put_in_place rename
        backend.storage.atomic.sync fsync
        backend.storage.atomic.sync open
        backend.storage.incoming.IncomingFile.__init__ write
        backend.storage.incoming._Growing.write write
    """,
    f"{_FAULTS}upload.py::test_a_disk_that_stays_full_is_a_507_and_leaves_nothing": """
        backend.storage.incoming.IncomingFile.discard unlink
        backend.storage.incoming.IncomingFile.write write
    """,
    f"{_FAULTS}upload.py::test_a_row_that_cannot_be_written_ends_the_upload_and_leaves_nothing": """
        backend.services.datasets.upload._record database
    """,
    f"{_FAULTS}deletes.py::"
    "test_a_dataset_whose_files_wait_for_the_database_is_gone_all_the_same": """
        backend.services.datasets.upload.forget_files database
    """,
    f"{_FAULTS}deletes.py::test_a_dataset_whose_files_cannot_be_deleted_is_gone_all_the_same": """
        backend.storage.layout.Storage.remove_dataset unlink
    """,
    f"{_FAULTS}deletes.py::test_a_model_whose_files_cannot_be_deleted_is_gone_all_the_same": """
        backend.storage.layout.Storage.remove_model unlink
    """,
    f"{_FAULTS}deletes.py::test_a_workspace_whose_files_cannot_be_deleted_is_gone_all_the_same": """
        backend.storage.layout.Storage.remove_workspace unlink
    """,
    f"{_FAULTS}deletes.py::"
    "test_a_waiting_session_whose_checkpoint_cannot_be_deleted_is_cancelled_all_the_same": """
        backend.storage.layout.Storage.remove_checkpoint unlink
    """,
    f"{_FAULTS}deletes.py::"
    "test_a_model_beside_which_a_partial_file_stays_is_gone_with_its_other_files": """
        backend.storage.atomic.remove_partials_of unlink
    """,
    f"{_FAULTS}deletes.py::test_a_session_whose_epochs_cannot_be_taken_away_stays_with_them": """
        backend.storage.removal.Removal.add rename
    """,
    f"{_FAULTS}deletes.py::"
    "test_a_session_whose_epochs_cannot_be_deleted_is_gone_and_the_next_start_removes_them": """
        backend.storage.removal.Removal.__exit__ unlink
    """,
    f"{_FAULTS}deletes.py::test_epochs_that_cannot_be_put_back_either_are_named_in_the_log": """
        backend.storage.removal.Removal.__exit__ rename
    """,
    f"{_STORED}bin.py::"
    "test_an_entry_whose_files_cannot_be_deleted_is_gone_and_the_next_turn_removes_them": """
        backend.services.bin.emptying._remove_files unlink
    """,
    f"{_STORED}bin.py::test_a_turn_that_the_database_refuses_is_made_again": """
        backend.services.bin.emptying._expire database
        backend.services.bin.emptying._remove_files database
        backend.services.bin.emptying._remove_part database
    """,
    f"{_STORED}bin.py::test_a_disk_too_full_for_the_database_leaves_the_bin_as_it_was": """
        backend.services.bin.room.relieve_disk database
    """,
    f"{_STORED}bin.py::test_an_upload_that_cannot_restore_says_so_and_changes_nothing": """
        backend.services.datasets.upload._restore database
    """,
    f"{_FAULTS}calls.py::test_a_session_whose_labels_cannot_be_written_waits_until_they_can": """
        backend.storage.version_labels.make write
    """,
    f"{_FAULTS}calls.py::test_labels_that_cannot_be_received_whole_are_not_imported": """
        backend.web.routes.training.labels.import_labels write
    """,
    f"{_FAULTS}calls.py::test_a_call_whose_row_cannot_be_written_says_so_and_changes_nothing": """
        backend.web.audit_log.record_download database
        backend.web.routes.accounts.create_token database
        backend.web.routes.accounts.revoke_token database
        backend.web.routes.analyses.create_analysis database
        backend.web.routes.analyses.delete_analysis database
        backend.web.routes.analyses.update_analysis database
        backend.web.routes.batches.cancel_batch database
        backend.web.routes.batches.delete_batch database
        backend.web.routes.datasets.delete_dataset database
        backend.web.routes.bin.delete_bin_entry database
        backend.web.routes.bin.restore_bin_entry database
        backend.web.routes.training.labels.update_labels database
        backend.web.routes.training.labels.create_dataset_version database
        backend.web.routes.training.labels.import_labels database
        backend.web.routes.training.labels.update_label_rule database
        backend.web.routes.training.labels.undo_labels database
        backend.web.routes.training.kept.delete_session_checkpoint database
        backend.web.routes.training.kept.keep_session database
        backend.web.routes.models.delete_model database
        backend.web.routes.models.update_model database
        backend.web.routes.many_models.update_models database
        backend.web.routes.training.bulk.update_sessions database
        backend.web.routes.training.listing.update_session database
        backend.web.routes.training.sessions._request_end database
        backend.web.routes.training.sessions.delete_session database
        backend.web.routes.training.sessions.retry_session database
        backend.web.routes.training.sessions.start_training database
        backend.web.routes.training.studies._request_end database
        backend.web.routes.training.studies.delete_study database
        backend.web.routes.training.studies.retry_study database
        backend.web.routes.training.studies.start_study database
        backend.web.routes.training.study_model.create_study_model database
        backend.web.routes.datasets.update_dataset database
        backend.web.routes.workspaces.update_workspace database
        backend.web.routes.workspaces.add_member database
        backend.web.routes.workspaces.create_workspace database
        backend.web.routes.workspaces.delete_workspace database
        backend.web.routes.workspaces.remove_member database
    """,
    f"{_STORED}studies.py::test_figures_without_a_thread_come_with_the_next_request": """
        backend.services.studies.finder.Finder._entry thread
    """,
    f"{_FAULTS}calls.py::"
    "test_what_keeps_the_database_from_growing_is_found_out_where_it_can_be": """
        backend.storage.disk.why_full write
    """,
    f"{_FAULTS}calls.py::test_a_use_of_a_token_that_cannot_be_noted_harms_no_request": """
        backend.web.auth._note_use database
    """,
    f"{_FAULTS}calls.py::test_wrong_tokens_that_cannot_be_recorded_are_in_the_log": """
        backend.services.wrong_tokens.WrongTokens.report database
    """,
    f"{_FAULTS}promotion.py::test_a_promotion_that_fails_changes_neither_the_row_nor_the_copy": """
        backend.storage.atomic.replacing mkdir
        backend.storage.atomic.replacing rename
        backend.storage.atomic.replacing unlink
        backend.storage.atomic.write_atomically rename
        backend.storage.atomic.write_atomically write
        backend.storage.verified.copy_verified write
        backend.storage.verified.copy_verified.copy write
        backend.web.routes.models._restore_copy database
        backend.web.routes.models.promote_model database
    """,
    f"{_FAULTS}batch.py::"
    "test_a_file_that_cannot_be_written_ends_the_prediction_and_leaves_nothing": """
        backend.services.predictions.catalogue.predict_catalogue write
        backend.web.routes.predictions.predict_batch unlink
        backend.web.routes.predictions.predict_batch write
    """,
    f"{_FAULTS}batch.py::test_a_thread_that_cannot_be_started_is_a_503": """
        backend.services.predictions.table._ahead thread
    """,
    f"{_FAULTS}batch_jobs.py::"
    "test_a_file_that_cannot_be_put_in_its_place_is_no_batch_and_leaves_nothing": """
        backend.services.batch_jobs.posting.post_batch fsync
        backend.services.batch_jobs.posting.post_batch rename
        backend.web.routes.batches.create_batch write
    """,
    f"{_FAULTS}batch_jobs.py::"
    "test_a_download_that_cannot_be_written_is_an_error_and_leaves_nothing": """
        backend.services.batch_jobs.formats.write_as unlink
        backend.services.batch_jobs.formats.write_as write
        backend.web.routes.batches.download_batch unlink
    """,
    f"{_FAULTS}batch_jobs.py::test_a_batch_whose_row_cannot_be_written_leaves_nothing": """
        backend.services.batch_jobs.posting.post_batch database
    """,
    f"{_FAULTS}batch_jobs.py::"
    "test_a_batch_whose_result_cannot_be_written_fails_in_words_and_leaves_nothing": """
        backend.services.batch_jobs.work.Work._predict write
        backend.services.batch_jobs.growing.append_synced fsync
        backend.services.batch_jobs.growing.append_synced write
        backend.services.batch_jobs.growing.open_after write
    """,
    f"{_FAULTS}batch_jobs.py::test_a_step_that_the_database_does_not_take_is_done_again": """
        backend.services.job_thread.JobThread._recover database
        backend.services.job_thread.JobThread._take database
        backend.services.batch_jobs.work.Work._change.change database
        backend.services.batch_jobs.work.Work._complete.complete database
    """,
    f"{_FAULTS}batch_jobs.py::test_an_end_that_cannot_be_recorded_at_once_is_recorded_later": """
        backend.services.job_thread.JobThread._end.end database
    """,
    f"{_FAULTS}batch_jobs.py::"
    "test_a_batch_whose_files_cannot_be_deleted_is_gone_and_the_next_start_removes_them": """
        backend.storage.layout.Storage.remove_batch_result unlink
        backend.storage.layout.Storage.remove_batch_upload unlink
    """,
    f"{_FAULTS}batch_jobs.py::test_views_that_cannot_be_deleted_go_at_the_next_start": """
        backend.storage.batch_views.remove unlink
    """,
    f"{_FAULTS}batch_jobs.py::"
    "test_a_thread_that_cannot_be_started_again_is_tried_again_by_the_next_check": """
        backend.lasting_thread.LastingThread._new_thread thread
    """,
    f"{_FAULTS}batch_jobs.py::test_old_results_that_cannot_be_forgotten_stay_until_they_can": """
        backend.services.batch_jobs.runner.BatchQueue._keep_house database
    """,
    f"{_STORED}backup.py::"
    "test_a_backup_whose_call_fails_leaves_nothing_and_the_next_one_is_whole": """
        backend.backup.copying.copy_file fsync
        backend.backup.copying.copy_file mkdir
        backend.backup.copying.copy_file write
        backend.backup.copying.sync_folders fsync
        backend.backup.save._copy_database database
        backend.backup.save._copy_database fsync
        backend.backup.save._copy_database unlink
        backend.backup.save._locked lock
        backend.backup.save._locked open
        backend.backup.save._new_folder mkdir
        backend.backup.save._publish fsync
        backend.backup.save.save fsync
        backend.backup.save.save mkdir
        backend.backup.save.save write
    """,
    f"{_STORED}backup.py::test_a_second_backup_that_fails_leaves_the_first_as_it_is": """
        backend.backup.copying.link_file mkdir
    """,
    f"{_STORED}backup.py::"
    "test_a_backup_that_cannot_begin_again_after_a_deletion_leaves_nothing": """
        backend.backup.save._Copy._keep_only unlink
    """,
    f"{_STORED}backup.py::"
    "test_what_a_failed_backup_cannot_delete_is_no_backup_and_the_next_one_deletes_it": """
        backend.backup.copying.remove unlink
    """,
    f"{_STORED}backup.py::test_a_backup_that_cannot_lose_its_name_again_is_whole": """
        backend.backup.save._publish rename
    """,
    f"{_STORED}restore.py::"
    "test_a_restore_whose_call_fails_changes_nothing_and_the_next_one_works": """
        backend.backup.restore._Switch._announce write
        backend.backup.restore._Switch._move rename
        backend.backup.restore._Switch.run fsync
        backend.backup.restore._Switch.run mkdir
        backend.backup.restore.restore mkdir
    """,
    f"{_STORED}restore.py::"
    "test_a_folder_of_which_the_backup_has_no_file_is_there_or_nothing_is_changed": """
        backend.backup.restore._copy_all mkdir
    """,
    f"{_STORED}restore.py::"
    "test_what_cannot_be_put_back_is_named_no_server_starts_and_the_next_restore_works": """
        backend.backup.restore._Switch._move.back rename
    """,
    f"{_STORED}restore.py::test_a_mark_or_a_folder_that_cannot_be_put_back_harms_no_start": """
        backend.backup.restore._Switch._announce rename
        backend.backup.restore._Switch._announce unlink
    """,
    f"{_STORED}restore.py::test_a_folder_that_cannot_be_removed_at_the_end_harms_nothing": """
        backend.backup.restore._Switch.run unlink
    """,
    f"{_STORED}restore.py::test_what_a_killed_restore_left_and_cannot_be_deleted_is_named": """
        backend.backup.restore.restore unlink
    """,
    f"{_STORED}database.py::"
    "test_a_new_database_that_cannot_be_made_says_so_and_is_whole_at_the_next_start": """
        backend.database.file.opening.create rename
        backend.database.file.opening.create unlink
        backend.database.file.turn.Turn._lock_file lock
        backend.database.file.turn.Turn._lock_file open
    """,
    f"{_STORED}database.py::"
    "test_an_upgrade_that_fails_changes_nothing_and_the_next_start_makes_it_with_a_copy": """
        backend.database.file.opening._keep_copy database
        backend.database.file.opening._keep_copy rename
        backend.database.file.opening._keep_copy write
    """,
    f"{_STORED}database.py::"
    "test_a_use_that_cannot_be_marked_writes_nothing_and_the_next_one_is_marked": """
        backend.database.connection.Database._open_file open
        backend.database.file.soundness.write_mark fsync
        backend.database.file.soundness.write_mark open
        backend.database.file.soundness.write_mark write
    """,
    f"{_STORED}database.py::test_a_mark_that_cannot_be_taken_back_is_written_and_synced_again": """
        backend.database.file.soundness.write_mark unlink
    """,
    f"{_STORED}database.py::"
    "test_a_turn_that_cannot_be_given_back_fails_no_commit_and_is_had_by_the_next_process": """
        backend.database.file.turn.Turn._unlock_file lock
    """,
    f"{_STORED}database.py::"
    "test_a_mark_that_cannot_be_removed_makes_the_next_start_look_closely": """
        backend.database.file.soundness.remove_mark unlink
    """,
    f"{_STORED}searches.py::"
    "test_a_trial_whose_row_cannot_be_written_is_added_once_and_the_same": """
        backend.background.search.searches.Searches._add database
    """,
    f"{_STORED}searches.py::test_an_end_of_a_search_that_cannot_be_written_is_written_later": """
        backend.background.search.searches.Searches._close database
    """,
    f"{_STORED}searches.py::"
    "test_a_trial_whose_end_cannot_be_requested_is_ended_at_the_next_try": """
        backend.background.search.searches.Searches._end_early database
    """,
    f"{_FAULTS}sessions.py::test_a_statement_that_fails_once_loses_no_event": """
        backend.background.session_events.SessionEvents.record database
        backend.background.session_starts.SessionStarts.recover database
        backend.background.session_starts.SessionStarts.take database
    """,
    f"{_FAULTS}sessions.py::"
    "test_a_model_is_kept_though_its_row_or_its_copy_cannot_be_written_at_first": """
        backend.background.current_copies.CurrentCopies._write_again database
    """,
    f"{_FAULTS}sessions.py::test_an_event_that_cannot_be_recorded_fails_its_session_in_words": """
        backend.background.session_events.SessionEvents.give_up database
    """,
    f"{_FAULTS}sessions.py::"
    "test_a_session_that_cannot_start_is_put_back_though_the_database_fails": """
        backend.background.session_starts.SessionStarts._put_back database
    """,
    f"{_FAULTS}sessions.py::"
    "test_a_model_that_can_be_neither_recorded_nor_renamed_is_named_as_it_is": """
        backend.storage.layout.Storage.set_aside_model rename
    """,
    f"{_FAULTS}sessions.py::test_a_queue_that_begins_again_takes_back_its_sessions": """
        backend.background.session_starts.SessionStarts.reclaim database
    """,
    f"{_FAULTS}sessions.py::test_a_checkpoint_that_cannot_be_passed_on_is_passed_on_later": """
        backend.storage.layout.Storage.pass_on_checkpoint rename
        backend.storage.layout.Storage.pass_on_checkpoint unlink
    """,
    f"{_FAULTS}sessions.py::test_a_fork_that_fails_is_tried_again": """
        backend.background.worker_process.ChildProcess.__init__ fork
    """,
    f"{_FAULTS}sessions.py::test_a_thread_that_cannot_be_started_is_tried_again": """
        backend.background.worker_log.pass_on thread
        backend.background.workers.session_worker.SessionWorker.__init__ thread
    """,
    f"{_FAULTS}sessions.py::"
    "test_a_judge_that_cannot_be_started_is_started_with_the_next_worker": """
        backend.background.runners.ProcessRunner._spawn thread
    """,
    f"{_FAULTS}sessions.py::test_a_job_that_cannot_be_sent_is_sent_to_another_worker": """
        backend.background.worker_process.ChildProcess._write write
    """,
    f"{_FAULTS}sessions.py::test_a_folder_that_cannot_be_made_for_a_worker_is_tried_again": """
        backend.background.worker_process.ChildProcess.__init__ mkdir
        backend.background.worker_process.ChildProcess.__init__ write
    """,
    f"{_FAULTS}kept_epochs.py::"
    "test_a_session_fails_in_its_own_words_though_its_epochs_cannot_be_put_aside": """
        backend.storage.layout.Storage.keep_checkpoint fsync
        backend.storage.layout.Storage.keep_checkpoint rename
    """,
    f"{_FAULTS}kept_epochs.py::test_a_session_that_takes_back_its_epochs_later_goes_on": """
        backend.storage.layout.Storage.take_back_checkpoint rename
    """,
    f"{_FAULTS}kept_epochs.py::"
    "test_a_keep_that_cannot_be_taken_from_the_queue_at_first_is_taken_later": """
        backend.background.keeping.Keeping.take database
    """,
    f"{_FAULTS}kept_epochs.py::test_a_keep_that_a_restart_interrupted_counts_it_once": """
        backend.background.keeping.Keeping.recover database
    """,
    f"{_FAULTS}kept_epochs.py::"
    "test_a_keep_without_a_worker_whose_end_cannot_be_recorded_is_tried_again": """
        backend.background.keeping.Keeping.has_failed database
    """,
    f"{_FAULTS}kept_epochs.py::test_epochs_whose_time_is_over_go_with_their_row_or_not_at_all": """
        backend.background.keeping.Keeping.remove_old database
    """,
    f"{_FAULTS}kept_epochs.py::test_epochs_that_cannot_be_deleted_hold_up_nothing": """
        backend.storage.layout.Storage.remove_kept_checkpoint unlink
    """,
    f"{_FAULTS}predictor.py::test_a_call_that_fails_once_is_not_noticed": """
        backend.background.prediction_worker._Limit.set thread
    """,
    f"{_FAULTS}threads.py::test_a_session_for_which_there_is_no_thread_is_tried_again": """
        backend.background.workers.thread_runner.ThreadRunner.start thread
    """,
    f"{_FAULTS}threads.py::test_tensorflow_that_cannot_be_warmed_up_stops_nothing": """
        backend.background.workers.thread_runner.ThreadRunner.keep_warm thread
    """,
    f"{_FAULTS}threads.py::"
    "test_a_file_that_cannot_take_what_tensorflow_prints_ends_nothing_but_the_session": """
        backend.background.worker_log.filtered_stderr write
    """,
    f"{_FAULTS}training_files.py::"
    "test_a_checkpoint_that_cannot_be_written_leaves_the_one_before": """
        backend.training.checkpoint.save_checkpoint fsync
        backend.training.checkpoint.save_checkpoint rename
        backend.training.checkpoint.save_checkpoint write
    """,
    f"{_FAULTS}training_files.py::test_a_model_is_in_its_place_only_with_its_other_files": """
        backend.training.results.kept_rows._npy write
        backend.training.results.save.write_model write
    """,
    f"{_FAULTS}training_files.py::test_a_revision_that_cannot_be_asked_for_is_none": """
        backend.training.results.manifest.git_revision fork
    """,
    f"{_FAULTS}others.py::"
    "test_an_end_for_which_no_thread_is_left_to_watch_it_closes_everything": """
        backend.launcher._end_within thread
    """,
    f"{_FAULTS}others.py::test_what_is_left_of_a_restore_and_cannot_be_deleted_stops_no_start": """
        backend.launcher._remove_partial_restore unlink
    """,
    f"{_FAULTS}tables.py::"
    "test_missing_rows_that_cannot_be_made_again_are_made_at_the_next_start": """
        backend.services.datasets.tables.DatasetTables._derive_again fsync
        backend.services.datasets.tables.DatasetTables._put_missing database
        backend.services.datasets.tables.DatasetTables._put_missing rename
        backend.services.datasets.derive.derive write
    """,
    f"{_CLUSTER}receiving.py::"
    "test_a_disk_that_fails_ends_the_session_in_words_and_leaves_nothing": """
        backend.cluster.receiving.Receiving._finish rename
        backend.cluster.receiving.Receiving.add write
        backend.cluster.receiving.Receiving.begin mkdir
        backend.cluster.receiving.Receiving.begin write
    """,
    f"{_CLUSTER}receiving.py::"
    "test_a_file_that_is_not_whole_and_cannot_be_deleted_does_not_hold_up_the_end": """
        backend.cluster.receiving.Receiving._delete_partial unlink
    """,
    f"{_CLUSTER}node_folder.py::"
    "test_a_file_that_cannot_be_cached_is_fetched_whole_by_the_next_session": """
        backend.cluster.node.folder.NodeFolder._locked lock
        backend.cluster.node.folder.NodeFolder._locked write
        backend.cluster.node.folder.NodeFolder.put mkdir
        backend.cluster.node.folder.NodeFolder.put rename
        backend.cluster.node.folder.NodeFolder.put write
    """,
    f"{_CLUSTER}node_folder.py::"
    "test_a_folder_that_cannot_be_made_ends_the_session_and_the_next_one_makes_it": """
        backend.cluster.node.folder.NodeFolder.__init__ mkdir
        backend.cluster.node.folder._base mkdir
    """,
    f"{_CLUSTER}node_folder.py::test_a_data_folder_that_cannot_be_made_is_an_error": """
        backend.cluster.node.folder.NodeFolder.make_data_folder mkdir
    """,
    f"{_CLUSTER}node_folder.py::test_what_cannot_be_deleted_goes_with_a_later_sweep": """
        backend.cluster.node.folder.NodeFolder.remove_data_folder unlink
        backend.cluster.node.folder.NodeFolder.sweep unlink
    """,
    f"{_CLUSTER}node_folder.py::test_a_cache_that_cannot_be_made_smaller_stops_no_session": """
        backend.cluster.node.folder.NodeFolder._limit_cache unlink
    """,
    f"{_CLUSTER}bridge.py::test_a_bridge_that_gets_no_thread_ends": """
        backend.cluster.__main__.main thread
    """,
    f"{_CLUSTER}bridge.py::test_a_runner_that_gets_no_thread_says_so_at_the_start": """
        backend.background.cluster.bridge_keeper.BridgeKeeper.__init__ thread
        backend.background.cluster.ray_runner.RayRunner.__init__ thread
    """,
    f"{_CLUSTER}bridge.py::test_a_bridge_to_which_nobody_could_write_is_ended_and_replaced": """
        backend.background.cluster.bridge_keeper._Bridge.__init__ thread
    """,
    f"{_CLUSTER}bridge.py::test_a_cluster_of_its_own_without_a_folder_is_refused_in_words": """
        backend.cluster.bridge._short_folder write
    """,
    f"{_CLUSTER}bridge.py::"
    "test_what_is_left_of_a_killed_bridge_goes_with_the_next_one_if_it_can": """
        backend.cluster.bridge._short_folder unlink
    """,
    f"{_CLUSTER}bridge.py::test_a_command_for_which_there_is_no_thread_ends_the_bridge": """
        backend.cluster.bridge.Bridge.__init__ thread
        backend.cluster.bridge.Bridge._assign thread
    """,
    f"{_CLUSTER}bridge.py::test_a_node_for_whose_look_there_is_no_thread_ends_the_bridge": """
        backend.cluster.nodes.Nodes._look_at thread
    """,
    f"{_CLUSTER}bridge.py::test_a_session_for_which_a_node_has_no_thread_ends_with_its_worker": """
        backend.cluster.node.session.Session.run thread
    """,
    f"{_CLUSTER}bridge.py::test_a_predictor_for_which_a_node_has_no_thread_leaves_no_folder": """
        backend.cluster.node.predictions.Predictor.__init__ thread
    """,
    f"{_STORED}evidence.py::"
    "test_the_evidence_of_an_earlier_dataset_that_cannot_be_stored_is_at_the_next_start": """
        backend.services.datasets.tables.DatasetTables._record_evidence database
        backend.services.datasets.tables.DatasetTables._record_evidence rename
    """,
    f"{_FAULTS}tables.py::"
    "test_files_for_nothing_that_cannot_be_deleted_do_not_hide_that_the_rows_are_there": """
        backend.services.datasets.tables.DatasetTables._derive_again unlink
    """,
    f"{_FAULTS}table_files.py::"
    "test_a_child_that_cannot_be_started_ends_the_upload_and_leaves_nothing": """
        backend.tables.children.TableChildren._child fork
        backend.tables.children.TableChildren._child write
        backend.tables.children.TableChildren.run mkdir
        backend.tables.children.TableChildren.run write
    """,
    f"{_FAULTS}table_files.py::test_a_job_that_cannot_be_sent_is_an_error_in_words": """
        backend.tables.children.TableChildren._child pipe
    """,
    f"{_FAULTS}table_files.py::"
    "test_a_text_that_cannot_be_deleted_ends_the_upload_and_goes_at_the_next_start": """
        backend.tables.converter.TableConverter.as_text unlink
    """,
    f"{_FAULTS}table_files.py::"
    "test_a_table_that_fails_and_cannot_be_deleted_is_an_error_of_the_server": """
        backend.tables.converter.TableConverter.write_table unlink
    """,
    f"{_FAULTS}table_files.py::test_a_text_that_cannot_be_written_is_told_to_the_server": """
        backend.tables.child.__main__._read write
    """,
    f"{_FAULTS}table_files.py::test_a_table_that_cannot_be_written_is_told_to_the_server": """
        backend.tables.child.__main__._write write
        backend.tables.child.writing._ecsv write
        backend.tables.child.writing.write write
    """,
    f"{_FAULTS}table_files.py::"
    "test_an_outcome_that_cannot_be_written_ends_the_child_without_one": """
        backend.tables.child.limits.end write
    """,
    f"{_STORED}relations.py::test_relations_that_cannot_be_written_are_told_to_the_server": """
        backend.tables.child.__main__._relate write
        backend.tables.child.relating.relate write
    """,
    f"{_STORED}relations.py::"
    "test_relations_that_cannot_be_deleted_after_a_failure_are_an_error": """
        backend.tables.converter.TableConverter.relate unlink
    """,
    f"{_STORED}relations.py::test_files_of_a_batch_that_cannot_be_deleted_go_at_the_next_start": """
        backend.services.predictions.own_rows._temporary unlink
    """,
    f"{_STORED}relations.py::test_a_shortage_while_a_batch_is_related_is_waited_for": """
        backend.services.predictions.own_rows.write_rows write
    """,
    f"{_STORED}relations.py::"
    "test_rows_whose_relations_fail_are_shown_without_them_and_with_them_the_next_time": """
        backend.services.datasets.relations.DatasetRelations._find thread
        backend.services.datasets.relations.DatasetRelations._make rename
        backend.services.datasets.relations.DatasetRelations._make unlink
    """,
    f"{_STORED}relations.py::"
    "test_old_relations_that_cannot_be_deleted_stay_until_the_next_start": """
        backend.services.datasets.relations.DatasetRelations._remove_oldest unlink
    """,
    f"{_STORED}relations.py::"
    "test_relations_of_a_deleted_dataset_that_cannot_be_deleted_go_at_the_next_start": """
        backend.services.datasets.relations.DatasetRelations.forget unlink
    """,
    f"{_FAULTS}table_files.py::test_a_child_that_cannot_watch_its_server_does_not_begin": """
        backend.tables.child.limits.end_with_parent thread
    """,
    f"{_FAULTS}tables.py::test_rows_for_which_there_is_no_thread_end_the_start_in_words": """
        backend.services.datasets.tables.DatasetTables.rebuild_missing thread
    """,
    f"{_FAULTS}others.py::test_a_lane_needs_no_thread_that_it_may_not_get_later": """
        backend.web.http_server.lanes.Lane.__init__ thread
        backend.web.http_server.lanes.Lane.run thread
    """,
    f"{_FAULTS}others.py::"
    "test_a_body_for_which_there_is_no_room_is_refused_to_whoever_reads_it": """
        backend.web.http_server.body.Body._append thread
        backend.web.http_server.body.Body._append write
        backend.web.http_server.body.Body._append_to_file write
        backend.web.http_server.body.Body.collect write
    """,
    f"{_FAULTS}others.py::"
    "test_an_answer_in_pieces_for_which_there_is_no_thread_ends_and_the_next_is_whole": """
        backend.web.http_server.gateway.Gateway._answer thread
        backend.web.http_server.gateway._pieces thread
    """,
    f"{_FAULTS}others.py::test_a_lock_that_cannot_be_made_is_said_in_words": """
        backend.storage.lock.data_folder_lock lock
        backend.storage.lock.data_folder_lock write
    """,
    f"{_FAULTS}others.py::test_a_data_folder_that_cannot_be_made_is_said_in_words": """
        backend.storage.lock.data_folder_lock mkdir
    """,
    f"{_FAULTS}others.py::test_a_simulation_that_cannot_be_written_says_so": """
        backend.transit.simulation.catalogue.write_csv write
        backend.web.commands.simulate_command write
    """,
    f"{_FAULTS}others.py::test_a_token_that_cannot_be_stored_is_not_printed": """
        backend.web.tokens.ensure_administrator database
        backend.web.commands.token_command database
    """,
    f"{_FAULTS}others.py::test_a_token_of_the_demo_that_could_not_be_written_is_made_anew": """
        backend.demo.server_process.demo_token mkdir
        backend.demo.server_process.demo_token write
    """,
    f"{_FAULTS}others.py::test_files_of_a_demo_that_could_not_be_written_leave_nothing": """
        backend.demo.curves.files.write_light_curves write
        backend.demo.curves.files.write_table write
    """,
    f"{_FAULTS}others.py::test_a_demo_that_cannot_start_its_server_says_so": """
        backend.storage.lock.is_held lock
        backend.demo.server_process.start fork
        backend.demo.server_process.start mkdir
        backend.demo.server_process.start write
    """,
    f"{_FAULTS}others.py::test_a_demo_of_a_cluster_that_cannot_start_it_says_so": """
        backend.demo.cluster.machines.Machines.__init__ write
        backend.demo.cluster.machines.Machines._start fork
        backend.demo.cluster.machines.Machines._start mkdir
        backend.demo.cluster.machines.Machines._start write
    """,
    f"{_FAULTS}others.py::test_a_folder_of_a_demo_that_cannot_be_deleted_does_not_fail_it": """
        backend.demo.cluster.machines.Machines.remove_folder unlink
    """,
    f"{_FAULTS}others.py::test_a_log_that_cannot_be_written_does_not_stop_a_worker": """
        backend.background.worker_log.print_line write
    """,
    f"{_FAULTS}others.py::test_a_table_that_cannot_be_written_whole_is_no_table": """
        backend.storage.dataset_table.TableWriter.append write
    """,
    f"{_FAULTS}others.py::test_rejections_that_cannot_be_written_end_the_reading": """
        backend.transit.catalog.rejections.RejectionLog.add write
    """,
    f"{_HOLDS}a_start_that_fails_ends_the_process_in_words": """
        backend.background.predictor.Predictor.__init__ thread
        backend.background.supervisor.Supervisor.__init__ thread
        backend.database.file.opening.create write
        backend.launcher._forget_old_audit_entries database
        backend.services.leftovers.remove_leftovers database
        backend.services.leftovers._remove unlink
        backend.services.stored_sizes.measure_stored database
        backend.services.wrong_tokens.WrongTokens.start thread
        backend.storage.layout.Storage.make_folders mkdir
        backend.storage.temporary.empty unlink
        backend.web.http_server.server.Server.start thread
    """,
    f"{_HOLDS}a_log_of_requests_for_which_there_is_no_thread_ends_the_start_in_words": """
        backend.web.tracing.access_log.AccessLog.__init__ thread
    """,
    f"{_HOLDS}a_disk_that_is_full_for_a_worker_fails_its_session_in_words_and_leaves_nothing": """
        backend.training.model_file.serialise write
        backend.training.train.remove_files unlink
    """,
    f"{_HOLDS}a_prediction_that_has_no_room_for_its_model_says_so_and_the_next_one_works": """
        backend.training.model_file._deserialise write
    """,
    f"{_HOLDS}a_thread_that_a_worker_cannot_start_ends_nothing_but_its_session": """
        backend.training.examples.batches.Examples._prepare thread
        backend.training.loop.fit thread
        backend.training.results.baselines.Baselines.__init__ thread
        backend.wire.pipes.Output.__init__ open
        backend.worker.__main__._Channel.__init__ thread
        backend.wire.pipes.lines open
        backend.worker.__main__._lower_priority write
        backend.worker.__main__._watch_memory thread
        backend.worker.heartbeat.Heartbeat.__init__ thread
    """,
    f"{_HOLDS}a_worker_killed_while_it_writes_is_replaced_and_leaves_nothing": """
        backend.wire.pipes.Output.send pipe
    """,
    f"{_STORED}curve_sets.py::"
    "test_files_that_cannot_be_put_in_their_place_are_no_set_and_leave_nothing": """
        backend.services.curves.posting._hold fsync
        backend.services.curves.posting._post rename
        backend.web.request_body.received_files write
    """,
    f"{_STORED}curve_sets.py::"
    "test_what_cannot_be_taken_back_either_is_removed_by_the_next_start": """
        backend.services.curves.posting._take_back rename
        backend.services.curves.posting._take_back unlink
    """,
    f"{_STORED}curve_sets.py::test_what_cannot_be_recorded_leaves_nothing": """
        backend.services.curves.posting.post_files database
        backend.services.curves.posting.post_set database
        backend.services.curves.uploads.begin database
    """,
    f"{_STORED}curve_sets.py::"
    "test_a_piece_that_cannot_be_kept_does_not_count_and_is_sent_again": """
        backend.services.curves.uploads._write fsync
        backend.services.curves.uploads._write mkdir
        backend.services.curves.uploads._write write
        backend.services.curves.uploads.append database
    """,
    f"{_STORED}curve_sets.py::test_an_upload_that_cannot_be_forgotten_stays": """
        backend.services.curves.uploads.remove database
        backend.services.curves.uploads.remove unlink
    """,
    f"{_STORED}curve_sets.py::"
    "test_a_step_of_an_import_that_the_database_does_not_take_is_done_again": """
        backend.services.curves.runner.CurveRunner._complete database
        backend.services.curves.runner.CurveRunner._record.change database
    """,
    f"{_STORED}curve_sets.py::"
    "test_received_files_that_cannot_be_deleted_are_removed_by_the_next_start": """
        backend.storage.curve_files.remove_import unlink
    """,
    f"{_STORED}curve_sets.py::"
    "test_a_version_that_was_not_recorded_is_forgotten_once_that_can_be_done": """
        backend.storage.curve_sets.recorded.forget_after unlink
    """,
    f"{_STORED}curve_sets.py::test_what_cannot_be_changed_stays_as_it_was": """
        backend.web.routes.light_curves.sets.cancel_curve_import database
        backend.web.routes.light_curves.sets.delete_curve_set database
    """,
    f"{_STORED}curve_sets.py::test_a_folder_that_cannot_be_removed_stays_empty": """
        backend.storage.curve_files.remove_folder_of unlink
    """,
    f"{_STORED}prepared_views.py::test_a_child_that_cannot_write_leaves_no_part": """
        backend.light_curves.preparing.__main__._say write
        backend.light_curves.preparing.__main__.make_parts write
        backend.light_curves.preparing.parts.write_part write
    """,
    f"{_STORED}prepared_views.py::test_parts_that_cannot_be_merged_stay": """
        backend.light_curves.preparing.parts.merge rename
        backend.light_curves.preparing.parts.merge write
    """,
    f"{_STORED}prepared_views.py::"
    "test_a_run_that_cannot_start_a_child_ends_and_the_same_again_goes_on": """
        backend.light_curves.preparing.run._Run._share write
        backend.light_curves.preparing.run._Run.all thread
    """,
    f"{_STORED}prepared_views.py::test_a_step_that_the_database_does_not_take_is_done_again": """
        backend.services.curves.preparer.ViewPreparer._complete database
        backend.services.curves.preparer.ViewPreparer._record.change database
        backend.services.curves.preparer.ViewPreparer._recover database
    """,
    f"{_STORED}prepared_views.py::"
    "test_what_is_usual_in_earlier_views_is_stored_once_the_database_takes_it": """
        backend.services.curves.preparer.ViewPreparer._look_through.store database
    """,
    f"{_STORED}prepared_views.py::test_what_cannot_be_changed_stays_as_it_was": """
        backend.web.routes.light_curves.views.delete_curve_views database
        backend.web.routes.light_curves.views.start_curve_views database
    """,
    f"{_STORED}prepared_views.py::"
    "test_files_that_cannot_be_deleted_are_removed_by_the_next_start": """
        backend.storage.curve_files.remove_views_parts unlink
    """,
    f"{_STORED}prepared_views.py::"
    "test_views_that_failed_and_cannot_be_deleted_are_removed_by_the_next_start": """
        backend.services.curves.preparer.ViewPreparer._remove_files unlink
    """,
    f"{_STORED}light_curves.py::test_a_run_that_cannot_write_ends_and_the_same_again_goes_on": """
        backend.light_curves.reader.CurveReader.read write
        backend.light_curves.reader._Tail.prepare mkdir
        backend.light_curves.reader._Tail.prepare write
        backend.storage.curve_sets.packs.PackWriter.__init__ mkdir
        backend.storage.curve_sets.packs.PackWriter.__init__ write
        backend.storage.curve_sets.packs.PackWriter._write write
        backend.storage.curve_sets.packs.PackWriter.finish rename
        backend.storage.curve_sets.versions.commit write
    """,
    f"{_STORED}light_curves.py::test_what_cannot_be_deleted_goes_with_the_next_run": """
        backend.storage.curve_sets.packs.PackWriter.discard unlink
        backend.storage.curve_sets.versions.remove_pending unlink
    """,
    f"{_STORED}light_curves.py::"
    "test_files_of_a_candidate_that_cannot_be_read_leave_nothing_and_the_same_again_works": """
        backend.services.curves.candidate.CandidateCurves.of write
        backend.services.curves.candidate._inputs write
    """,
    f"{_STORED}light_curves.py::test_a_spool_that_cannot_be_deleted_is_an_error": """
        backend.light_curves.reader._Tail._records unlink
    """,
    f"{_STORED}light_curves.py::"
    "test_an_index_of_a_folder_that_cannot_be_written_is_made_the_next_time": """
        backend.light_curves.mirror._write write
    """,
    "tests/light_curves/test_in_place.py::"
    "test_a_file_that_may_not_be_read_is_told_and_tried_again": """
        backend.light_curves.in_place.opened open
    """,
    f"{_STORED}server_folder.py::test_files_that_could_not_be_chosen_are_chosen_again": """
        backend.services.curves.folder_files.chosen database
        backend.services.curves.folder_files.chosen write
    """,
    f"{_STORED}server_folder.py::test_a_wish_that_cannot_be_recorded_is_none": """
        backend.web.routes.light_curves.server_folder.update_server_folder database
    """,
    f"{_STORED}light_curves.py::test_a_child_that_cannot_write_says_no_file_is_damaged": """
        backend.light_curves.child.__main__._Spool.__init__ write
        backend.light_curves.child.__main__._Spool.add write
        backend.light_curves.child.__main__._Spool.back_to write
        backend.light_curves.child.__main__._Spool.begin write
        backend.light_curves.child.__main__._Spool.flush write
        backend.light_curves.child.__main__._outcome write
        backend.light_curves.child.__main__._say write
        backend.light_curves.child.__main__.read_all write
        backend.light_curves.child.archives.items unlink
        backend.light_curves.child.unpacking.copy unlink
        backend.light_curves.child.unpacking.copy write
    """,
}
