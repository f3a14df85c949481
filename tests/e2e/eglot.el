;;; Opens a file in Emacs with eglot attached, and writes what the editor shows as JSON.
;; Started by tests/e2e/test_emacs.py: emacs -q --batch -l eglot.el, with the server's command, the
;; file and the output's path in the environment.
(package-initialize)
(require 'eglot)
(require 'flymake)
(require 'json)
(require 'xref)

(defvar stepwell-seen nil)

(defun stepwell-note (key value)
  (push (cons key value) stepwell-seen))

(defun stepwell-wait (done)
  "Let the editor work until DONE says so, or for twenty seconds."
  (let ((end (+ (float-time) 20)))
    (while (and (not (funcall done)) (< (float-time) end))
      (accept-process-output nil 0.05))))

(defun stepwell-marks ()
  (mapcar (lambda (mark)
            (list (cons 'text (flymake-diagnostic-text mark))
                  (cons 'word (buffer-substring-no-properties
                               (flymake-diagnostic-beg mark) (flymake-diagnostic-end mark)))))
          (flymake-diagnostics)))

(defun stepwell-vector (list) (apply #'vector list))

(defun stepwell-look ()
  (setq eglot-sync-connect 20
        eglot-autoshutdown nil
        eglot-confirm-server-initiated-edits nil
        eglot-server-programs
        (list (cons 'python-mode (split-string (getenv "STEPWELL_SERVER") "\n"))))
  (find-file (getenv "STEPWELL_FILE"))
  (python-mode)
  (eglot-ensure)
  (run-hooks 'post-command-hook)
  (stepwell-wait #'eglot-current-server)
  (stepwell-wait (lambda () (flymake-start) (stepwell-marks)))
  (stepwell-note 'opened (stepwell-vector (stepwell-marks)))
  ;; A person renames the parameter, in its whole body, and then takes the cure that is offered.
  (goto-char (point-min))
  (search-forward "answer(ques")
  (eglot-rename "questions")
  (stepwell-note 'renamed (buffer-string))
  (condition-case problem
      (eglot-rename "question")
    (error (stepwell-note 'refused (format "%S" problem))))
  (eglot--signal-textDocument/didChange)
  (let* ((actions (append (eglot-code-actions (point)) nil))
         (cure (car (seq-filter
                     (lambda (action) (string-prefix-p "Rename" (plist-get action :title)))
                     actions))))
    (stepwell-note 'offered
                   (stepwell-vector (mapcar (lambda (each) (plist-get each :title)) actions)))
    (eglot--apply-workspace-edit (plist-get cure :edit)))
  (stepwell-note 'mended (buffer-string))
  (eglot--signal-textDocument/didChange)
  (stepwell-wait (lambda () (flymake-start) (null (stepwell-marks))))
  (stepwell-note 'left (stepwell-vector (stepwell-marks)))
  (stepwell-note 'definition
                 (stepwell-vector
                  (mapcar (lambda (item) (xref-location-group (xref-item-location item)))
                          (xref-backend-definitions 'eglot "question")))))

(condition-case problem
    (stepwell-look)
  (error (stepwell-note 'problem (format "%S" problem))))
(with-temp-file (getenv "STEPWELL_SEEN")
  (insert (json-encode stepwell-seen)))
(ignore-errors (eglot-shutdown (eglot-current-server)))
(kill-emacs 0)
